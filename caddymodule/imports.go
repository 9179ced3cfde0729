package caddymodule

// The guests that come with the gateway.
import (
	_ "github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/degradation"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/esm"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/proxymvpd"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/restv1"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/restv2"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/sdk"
	_ "github.com/caddy-dcr/caddy-dcr/plugins/temppass"
)
