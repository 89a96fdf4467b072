"""gRPC with grpcio: servers whose credentials rotate and whose calls are judged, channels that follow the identity."""
