from sentinel_common.mtls import mtls_config_from_env, create_ssl_context

# Load certificates from environment/default paths
mtls_config = mtls_config_from_env()

# Create SSL context for HTTPS server
ssl_context = create_ssl_context(mtls_config, server_side=True)

# Use with uvicorn
uvicorn.run(
    app,
    ssl_keyfile=str(mtls_config.key_path),
    ssl_certfile=str(mtls_config.cert_path),
    ssl_ca_certs=str(mtls_config.ca_cert_path),
)
