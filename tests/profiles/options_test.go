package profiles

import (
	"encoding/json"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plain are the profiles whose only option is the one that all have. The
// others' options are tested beside them.
var plain = []string{"degradation", "rest_v1", "rest_v2", "sdk", "temp_pass"}

func TestEveryPlainProfileTakesScopesAndNothingElse(t *testing.T) {
	for _, name := range plain {
		t.Run(name, func(t *testing.T) {
			for text, want := range map[string]string{
				name:                       `{}`,
				name + " {\n scope a b\n}": `{"scope":["a","b"]}`,
			} {
				p := fresh(t, name)
				require.NoError(t, p.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text)))
				got, err := json.Marshal(p)
				require.NoError(t, err)
				assert.JSONEq(t, want, string(got))
				assert.NoError(t, p.Validate())
			}
			p := fresh(t, name)
			assert.Equal(t, []string{"scope"}, p.Options(), "the options are those that the Caddyfile knows")
			assert.ErrorContains(t, p.UnmarshalCaddyfile(caddyfile.NewTestDispenser(name+" {\n scopes a\n}")),
				name+` has no option "scopes", known are: scope`)
			p = fresh(t, name)
			require.NoError(t, json.Unmarshal([]byte(`{"scope":["a,b"]}`), p))
			assert.ErrorContains(t, p.Validate(), "scope")
		})
	}
}

func fresh(t *testing.T, name string) profile {
	t.Helper()
	info, err := caddy.GetModule("dcr.profiles." + name)
	require.NoError(t, err)
	return info.New().(profile)
}
