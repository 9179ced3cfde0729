package restv1

import (
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUnmarshalCaddyfile(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want Profile
		err  string
	}{
		"nothing but the name": {text: "rest_v1", want: Profile{}},
		"other scopes":         {text: "rest_v1 {\n scope a b\n}", want: Profile{Scope: []string{"a", "b"}}},
		"an option that is not there is named, with those that are": {
			text: "rest_v1 {\n scopes a\n}",
			err:  `rest_v1 has no option "scopes", known are: scope`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got Profile
			err := got.UnmarshalCaddyfile(caddyfile.NewTestDispenser(tt.text))
			if tt.err != "" {
				assert.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestOptionsListsWhatTheCaddyfileKnows(t *testing.T) {
	assert.Equal(t, []string{"scope"}, new(Profile).Options())
}

func TestValidateRefusesWhatIsNoScope(t *testing.T) {
	require.NoError(t, new(Profile).Validate())
	assert.ErrorContains(t, (&Profile{Scope: []string{"a,b"}}).Validate(), "scope")
}
