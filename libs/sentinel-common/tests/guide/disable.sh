export MTLS_ENABLED=false
python -m uvicorn app.main:app
