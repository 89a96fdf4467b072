module sentinel-mtls.io/tools/pause

go 1.26.0
