#!/usr/bin/env bash
# Builds a real Ollama server for tests/real from the Go module proxy, in some 12 minutes of two
# cores. What its module leaves out (headers of others) comes with a package of PyPI. Needs Go, a C++
# compiler, pip and tar.
#
# Usage: tests/real/build_ollama.sh FOLDER
# Then:  OLLAMA_HOST=127.0.0.1:11500 FOLDER/ollama serve
#        OLLAMA_URL=http://127.0.0.1:11500 deno task test:real
set -euo pipefail
module=github.com/ollama/ollama
version=v0.17.4
headers=0.3.16

if [ $# -ne 1 ]; then
  echo "Usage: $0 FOLDER" >&2
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
source=$folder/source

if [ ! -d "$source" ]; then
  cd "$folder"
  GOFLAGS=-mod=mod go mod download "$module@$version"
  cp -r "$(go env GOMODCACHE)/$module@$version" "$source"
  chmod -R u+w "$source"
fi
vendor=$source/llama/llama.cpp/vendor
if [ ! -d "$vendor" ]; then
  pip download -q --no-deps --no-binary :all: -d "$folder" "llama-cpp-python==$headers"
  tar xzf "$folder/llama_cpp_python-$headers.tar.gz" -C "$folder"
  mv "$folder/llama_cpp_python-$headers/vendor/llama.cpp/vendor" "$vendor"
fi
# Quick to build matters more than quick to run.
sed -i 's/-O3 /-O1 /' "$source/ml/backend/ggml/ggml/src/ggml-cpu/cpu.go"
cd "$source"
export CGO_CFLAGS="-O1 -w" CGO_CXXFLAGS="-O0 -w" GOFLAGS=-mod=mod
exec go build -o "$folder/ollama" .
