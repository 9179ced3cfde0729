package caddymodule

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// provisioned loads a Caddyfile as far as it goes without starting anything.
func provisioned(t *testing.T, caddyfile string) caddy.Context {
	t.Helper()
	text, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	require.NoError(t, err)
	config := new(caddy.Config)
	require.NoError(t, json.Unmarshal(text, config))
	ctx, err := caddy.ProvisionContext(config)
	require.NoError(t, err)
	return ctx
}

// What the pure judgement is told must be what the configuration says.
func TestAConfigurationIsLookedAtAsCaddyUnderstandsIt(t *testing.T) {
	folder := t.TempDir()
	secret := filepath.Join(folder, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="), 0o600))
	require.NoError(t, os.Chmod(secret, 0o644)) // whatever the umask
	const filtered = "\tlog {\n\t\tformat filter {\n\t\t\trequest>uri dcr_secrets\n\t\t}\n\t}\n"
	const dcr = "\tdcr {\n\t\tissuer https://sp.example.com\n\t\tstore bolt FOLDER\n\t}\n"
	for name, c := range map[string]struct {
		global, sites string
		want          []string
	}{
		"a gateway as it should be": {
			"\tauto_https disable_redirects\n" + dcr,
			"sp.example.com {\n\tdcr_issuer\n\tdcr_proxy rest_v2 127.0.0.1:9001\n}\n\nhttp://metrics.example.com:9180 {\n\tmetrics\n}\n", nil,
		},
		"a log with secrets": {
			"\tlog {\n\t\tformat json\n\t}\n\tauto_https disable_redirects\n" + dcr,
			"sp.example.com {\n\tlog\n\tdcr_proxy esm 127.0.0.1:9001\n}\n", []string{"no log has the filter dcr_secrets"},
		},
		"an admin endpoint for everybody": {"\tadmin :2019\n\tauto_https off\n" + dcr, "", []string{"admin endpoint listens on :2019"}},
		"an admin endpoint that is off":   {"\tadmin off\n\tauto_https off\n" + dcr, "", nil},
		"an admin endpoint by a placeholder": {
			"\tadmin {env.DCR_TEST_ADMIN}\n\tauto_https off\n" + dcr, "", []string{"admin endpoint listens on 0.0.0.0:2019"},
		},
		"Caddy's own redirects": {dcr, "sp.example.com {\n\tdcr_issuer\n}\n", []string{"http://sp.example.com are redirected"}},
		"Caddy's own redirects, and an answer": {
			dcr, "sp.example.com {\n\tdcr_issuer\n}\n\nhttp://sp.example.com {\n\trespond 404\n}\n", nil,
		},
		"a redirect of the operator's": {
			"\tauto_https disable_redirects\n" + dcr,
			"sp.example.com {\n\tdcr_issuer\n}\n\nhttp://sp.example.com {\n\tredir https://sp.example.com{uri}\n}\n",
			[]string{"http://sp.example.com are redirected"},
		},
		"metrics beside clients": {
			"\tauto_https disable_redirects\n" + dcr,
			"sp.example.com {\n\thandle /internal/* {\n\t\tmetrics\n\t}\n\tdcr_issuer\n}\n", []string{"metrics are served on :443"},
		},
		"metrics of another name on the clients' listener": {
			"\tauto_https disable_redirects\n" + dcr,
			"sp.example.com {\n\tdcr_proxy esm 127.0.0.1:9001\n}\n\nmetrics.example.com {\n\tmetrics\n}\n", []string{"metrics are served on :443"},
		},
		"the admin endpoint behind clients": {
			"\tauto_https disable_redirects\n" + dcr,
			"sp.example.com {\n\tdcr_issuer\n\thandle /admin/* {\n\t\treverse_proxy localhost:2019\n\t}\n}\n", []string{"to Caddy's admin endpoint"},
		},
		"clear text for everybody": {
			"\tauto_https off\n" + strings.Replace(dcr, "\t}\n", "\t\tallow_http\n\t}\n", 1),
			"http://sp.example.com {\n\tdcr_issuer\n}\n", []string{"allow_http: clients register and get tokens in clear text on :80"},
		},
		"clear text on this host": {
			"\tauto_https off\n" + strings.Replace(dcr, "\t}\n", "\t\tallow_http\n\t}\n", 1),
			"http://sp.example.com {\n\tbind 127.0.0.1\n\tdcr_issuer\n}\n", nil,
		},
		"a console behind what it identifies people by": {
			"\tauto_https disable_redirects\n" + dcr,
			"console.example.com {\n\tforward_auth 127.0.0.1:9091 {\n\t\turi /auth\n\t}\n\tdcr_console {\n\t\tidentity {http.reverse_proxy.header.Remote-User}\n\t\trole ann operator\n\t}\n}\n" +
				"ops.example.com {\n\tbasic_auth {\n\t\tann $2a$10$Q1eVDEDq65XHnRurTh8rROpCBCwYU9VGhCpJjrQaHBcVUB.ZjCyTm\n\t}\n\tdcr_console {\n\t\trole ann operator\n\t}\n}\n" +
				"mtls.example.com {\n\ttls {\n\t\tclient_auth {\n\t\t\tmode require\n\t\t}\n\t}\n\tdcr_console {\n\t\tidentity {http.request.tls.client.subject}\n\t\trole CN=ann operator\n\t}\n}\n", nil,
		},
		"a console behind the authentication of another site": {
			"\tauto_https disable_redirects\n" + dcr,
			"a.example.com {\n\tbasic_auth {\n\t\tann $2a$10$Q1eVDEDq65XHnRurTh8rROpCBCwYU9VGhCpJjrQaHBcVUB.ZjCyTm\n\t}\n\trespond ok\n}\n" +
				"console.example.com {\n\tdcr_console {\n\t\trole ann operator\n\t}\n}\n", []string{"dcr_console on :443 lets nobody in"},
		},
		"a console for a proxy in front": {
			"\tauto_https disable_redirects\n" + dcr,
			"console.example.com {\n\tdcr_console {\n\t\ttrusted_proxy 10.0.0.7 {\n\t\t\tidentity_header X-User\n\t\t}\n\t\trole ann operator\n\t}\n}\n", nil,
		},
		"a secret that everybody reads": {
			"\tauto_https off\n" + strings.Replace(dcr, "\t}\n", "\t\tkey_encryption_key {file."+secret+"}\n\t}\n", 1), "",
			[]string{"key_encryption_key: the file " + secret + " can be read by everybody"},
		},
		"a password that everybody reads": {
			"\tauto_https off\n" + strings.Replace(dcr, "store bolt FOLDER\n", "store redis redis://127.0.0.1:6379 {\n\t\t\tpassword {file."+secret+"}\n\t\t}\n", 1), "",
			[]string{"store: the file " + secret + " can be read by everybody"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DCR_TEST_ADMIN", "0.0.0.0:2019")
			if !strings.Contains(c.global, "\tlog {") {
				c.global = filtered + c.global
			}
			ctx := provisioned(t, "{\n"+strings.ReplaceAll(c.global, "FOLDER", folder)+"}\n\n"+c.sites)
			app, err := ctx.App("dcr")
			require.NoError(t, err)
			around := app.(*App).surroundings()
			found := around.findings()
			if assert.Len(t, found, len(c.want), "%q", found) {
				for i, want := range c.want {
					assert.Contains(t, found[i], want)
				}
			}
		})
	}
}
