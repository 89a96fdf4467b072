"""sentinel_common: mutual TLS that rotates without a failed request. The API is in `sentinel_common.mtls`."""

__version__ = "0.1.0"
