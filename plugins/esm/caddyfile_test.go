package esm

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
		"nothing but the name":              {text: "esm", want: Profile{}},
		"other scopes":                      {text: "esm {\n scope a b\n}", want: Profile{Scope: []string{"a", "b"}}},
		"a channel need not be named":       {text: "esm {\n channel_optional\n}", want: Profile{ChannelOptional: true}},
		"channel_optional is just a switch": {text: "esm {\n channel_optional off\n}", err: "wrong argument count"},
		"an option that is not there is named, with those that are": {
			text: "esm {\n scopes a\n}",
			err:  `esm has no option "scopes", known are: channel_optional, scope`,
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
	assert.Equal(t, []string{"channel_optional", "scope"}, new(Profile).Options())
}

func TestValidateRefusesWhatIsNoScope(t *testing.T) {
	require.NoError(t, new(Profile).Validate())
	assert.ErrorContains(t, (&Profile{Scope: []string{"a,b"}}).Validate(), "scope")
}
