# Generate self-signed certificates
mkdir -p /tmp/certs
openssl req -x509 -newkey rsa:2048 -nodes \
  -keyout /tmp/certs/tls.key \
  -out /tmp/certs/tls.crt \
  -days 365 \
  -subj "/CN=localhost"
cp /tmp/certs/tls.crt /tmp/certs/ca.crt

# Export paths
export MTLS_ENABLED=true
export MTLS_CERT_PATH=/tmp/certs/tls.crt
export MTLS_KEY_PATH=/tmp/certs/tls.key
export MTLS_CA_CERT_PATH=/tmp/certs/ca.crt

# Run service
python -m uvicorn app.main:app
