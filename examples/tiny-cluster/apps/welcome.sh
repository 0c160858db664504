#!/bin/bash
# The application of this image: one ConfigMap, written once.
set -euo pipefail
path=/api/v1/namespaces/default/configmaps
bin/tiny-request GET "$path/welcome" >/dev/null && exit
bin/tiny-request POST "$path" <<<'{"kind":"ConfigMap","metadata":{"name":"welcome"},"data":{"text":"Hello from a tiny cluster."}}' >/dev/null
echo "the application is installed"
