# Enable/disable mTLS
MTLS_ENABLED=true  # Set to "false" to disable (not recommended for production)

# Certificate paths (defaults shown)
MTLS_CERT_PATH=/etc/sentinel/certs/tls.crt
MTLS_KEY_PATH=/etc/sentinel/certs/tls.key
MTLS_CA_CERT_PATH=/etc/sentinel/certs/ca.crt
