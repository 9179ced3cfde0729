package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// The issuer has a path of its own in these sites: it would remove by itself
// what a client says in our name.
var composed = map[string]string{
	"guards in front of one proxy": `
	handle /o/* {
		dcr_issuer
	}
	dcr_guard /api/v2/* rest_v2
	dcr_guard /own/* OWN
	reverse_proxy BACKEND
`,
	"a guard beside a dcr_proxy": `
	handle /o/* {
		dcr_issuer
	}
	dcr_proxy rest_v2 BACKEND
	dcr_guard /own/* OWN
	reverse_proxy BACKEND
`,
	"guards in handle blocks": `
	handle /o/* {
		dcr_issuer
	}
	dcr_fallback
	handle /api/v2/* {
		dcr_guard rest_v2
		reverse_proxy BACKEND
	}
	handle /own/* {
		dcr_guard OWN
		reverse_proxy BACKEND
	}
	handle {
		reverse_proxy BACKEND
	}
`,
	"the operator's own order": `
	route {
		dcr_guard /own/* OWN
		dcr_guard /api/v2/* rest_v2
		dcr_issuer
		reverse_proxy BACKEND
	}
`,
}

const ownAPI = `{
		name own
		route GET /own/{brand}/things {
			scope api:client:v2
			channel path brand
		}
	}`

// However a site is written, its backend hears in our name what we say, and
// nothing else, and gets no call of an API past the guard.
func TestNothingGoesPastTheGuardsOfASiteThatAnOperatorComposes(t *testing.T) {
	for name, site := range composed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backend := harness.StartBackend(t, "backend")
			g := harness.Start(t, harness.Config{Site: strings.NewReplacer("OWN", ownAPI, "BACKEND", backend.Addr).Replace(site)})
			w := &world{Gateway: g}
			_, client, token := w.Enroll(v2App())
			forged := []string{token.Bearer(), "X-DCR-Client-ID: forged", "x_dcr_channel: forged"}

			for _, target := range []string{v2Call, "/own/" + channel + "/things"} {
				backend.Forget()
				require.Equal(t, http.StatusOK, g.Do(http.MethodGet, target, "", forged...).Status, target)
				seen := backend.Only(t)
				assert.Equal(t, []string{client.ClientID}, seen.Values("X-DCR-Client-ID"), target)
				assert.Equal(t, []string{channel}, seen.Values("X-DCR-Channel"), target)
				assert.Empty(t, seen.Values("x_dcr_channel"), target)
			}

			backend.Forget()
			require.Equal(t, http.StatusOK, g.Do(http.MethodGet, "/site", "", forged...).Status)
			assert.NotContains(t, strings.ToLower(strings.Join(backend.Only(t).Lines, "\n")), "forged", "what no guard lets through says nothing in our name")

			for _, target := range []string{
				"/api/v2;/" + channel + "/configuration", "/site/..;/api/v2/" + channel + "/configuration", "/api%252fv2/x",
				"/own;/" + channel + "/things", "/site/..;/own/" + channel + "/things",
			} {
				backend.Forget()
				assert.Equal(t, http.StatusBadRequest, g.Do(http.MethodGet, target, "").Status, target)
				assert.Empty(t, backend.Seen(), target)
			}
		})
	}
}

func TestWhatNothingClaimsBesideAGuardIsNotFound(t *testing.T) {
	g := harness.Start(t, harness.Config{Site: "dcr_issuer\ndcr_guard /own/* " + ownAPI})
	assert.Equal(t, http.StatusNotFound, g.Do(http.MethodGet, "/onw/x", "").Status)
}
