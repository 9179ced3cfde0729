// Command caddy is Caddy with its standard modules and the gateway: what
// developers and CI run, and what xcaddy would build.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-dcr/caddy-dcr/caddymodule"
)

func main() { caddycmd.Main() }
