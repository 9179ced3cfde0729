package redisstore

import (
	"encoding/json"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCaddyfile(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"an address is enough", "redis redis://localhost", `{"addresses":["redis://localhost"]}`},
		{"placeholders stay as they are", "redis {env.DCR_REDIS_URL}", `{"addresses":["{env.DCR_REDIS_URL}"]}`},
		{
			"every option", `redis rediss://a rediss://b {
				username dcr
				password {file./run/secrets/redis}
				tls {
					ca ca.pem
					cert cert.pem
					key key.pem
					server_name redis.example
					insecure_skip_verify
				}
				sentinel main
				sentinel_username su
				sentinel_password {env.SP}
				cluster
				key_prefix x:
				pool_size 7
				dial_timeout 1s
				read_timeout 1500ms
				wait_replicas 2
			}`,
			`{"addresses":["rediss://a","rediss://b"],"username":"dcr","password":"{file./run/secrets/redis}",
			"tls":{"ca":"ca.pem","cert":"cert.pem","key":"key.pem","server_name":"redis.example","insecure_skip_verify":true},
			"sentinel_master":"main","sentinel_username":"su","sentinel_password":"{env.SP}","cluster":true,
			"key_prefix":"x:","pool_size":7,"dial_timeout":1000000000,"read_timeout":1500000000,"wait_replicas":2}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var m Module
			require.NoError(t, m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.input)))
			got, err := json.Marshal(m)
			require.NoError(t, err)
			assert.JSONEq(t, test.want, string(got))
		})
	}
}

func TestCaddyfileErrorsNameTheField(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"no address", "redis", "store redis: at least one address expected, for instance redis://127.0.0.1:6379, at Testfile:1"},
		{"unknown option", "redis redis://a {\n\tpasword x\n}", `store redis: unknown option "pasword", at Testfile:2`},
		{"no argument", "redis redis://a {\n\tpassword\n}", "store redis: password takes one argument, got 0, at Testfile:2"},
		{"a secret of two words", "redis redis://a {\n\tpassword hush hush\n}", "store redis: password takes one argument, got 2, at Testfile:2"},
		{"an option twice", "redis redis://a {\n\tusername a\n\tusername b\n}", "store redis: username is given twice, at Testfile:3"},
		{"cluster with an argument", "redis redis://a {\n\tcluster yes\n}", "store redis: cluster takes no argument, got 1, at Testfile:2"},
		{"pool_size in words", "redis redis://a {\n\tpool_size ten\n}", `store redis: pool_size must be a positive number, got "ten", at Testfile:2`},
		{"wait_replicas below zero", "redis redis://a {\n\twait_replicas -1\n}", `store redis: wait_replicas must be a positive number, got "-1", at Testfile:2`},
		{"dial_timeout without a unit", "redis redis://a {\n\tdial_timeout 2\n}", `store redis: dial_timeout must be a positive duration such as 2s, got "2", at Testfile:2`},
		{"read_timeout of nothing", "redis redis://a {\n\tread_timeout 0s\n}", `store redis: read_timeout must be a positive duration such as 2s, got "0s", at Testfile:2`},
		{"tls with an argument", "redis rediss://a {\n\ttls on\n}", `store redis: tls takes a block, got "on", at Testfile:2`},
		{"unknown option in tls", "redis rediss://a {\n\ttls {\n\t\tcafile x\n\t}\n}", `store redis: unknown option "cafile" in tls, at Testfile:3`},
		{"tls ca without a file", "redis rediss://a {\n\ttls {\n\t\tca\n\t}\n}", "store redis: tls ca takes one argument, got 0, at Testfile:3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var m Module
			require.EqualError(t, m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.input)), test.want)
		})
	}
}
