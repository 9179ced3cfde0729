package caddymodule

import (
	"os"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// readKeys reads the public keys of another issuer from a file.
func readKeys(file string, algorithm jws.Algorithm) ([]*jws.Key, error) {
	path, err := caddy.NewReplacer().ReplaceOrErr(file, true, true)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return jws.ParseKeys(data, algorithm)
}
