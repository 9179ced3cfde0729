package proxymvpd

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
		"nothing but the name": {text: "proxy_mvpd", want: Profile{}},
		"other scopes":         {text: "proxy_mvpd {\n scope a b\n}", want: Profile{Scope: []string{"a", "b"}}},
		"addresses": {
			text: "proxy_mvpd {\n allow_ips 192.0.2.0/24 2001:db8::1\n allow_ips 198.51.100.7\n}",
			want: Profile{AllowIPs: []string{"192.0.2.0/24", "2001:db8::1", "198.51.100.7"}},
		},
		"no address at all": {text: "proxy_mvpd {\n allow_ips\n}", err: "wrong argument count"},
		"an option that is not there is named, with those that are": {
			text: "proxy_mvpd {\n scopes a\n}",
			err:  `proxy_mvpd has no option "scopes", known are: allow_ips, scope`,
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
	assert.Equal(t, []string{"allow_ips", "scope"}, new(Profile).Options())
}

func TestValidateRefusesWhatIsNoScope(t *testing.T) {
	require.NoError(t, new(Profile).Validate())
	assert.ErrorContains(t, (&Profile{Scope: []string{"a,b"}}).Validate(), "scope")
}
