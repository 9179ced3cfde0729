package proxymvpd

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAllowIPs(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want string // empty: refused
	}{
		"a range":                            {"192.0.2.0/24", "192.0.2.0/24"},
		"a range of IPv6":                    {"2001:db8::/32", "2001:db8::/32"},
		"a range with bits beyond its mask":  {"192.0.2.77/24", "192.0.2.0/24"},
		"an address is a range of one":       {"192.0.2.7", "192.0.2.7/32"},
		"an address of IPv6 as well":         {"2001:db8::1", "2001:db8::1/128"},
		"an address of IPv4 in disguise":     {"::ffff:192.0.2.7", "192.0.2.7/32"},
		"a range of IPv4 in disguise":        {"::ffff:192.0.2.0/120", ""},
		"everybody, when it is written":      {"0.0.0.0/0", "0.0.0.0/0"},
		"a name":                             {"office.example.com", ""},
		"a mask in dots":                     {"192.0.2.0/255.255.255.0", ""},
		"a mask that is too long":            {"192.0.2.0/33", ""},
		"half an address":                    {"192.0.2", ""},
		"an address with a zone":             {"fe80::1%eth0", ""},
		"a range with a zone":                {"fe80::%eth0/64", ""},
		"two in one word":                    {"192.0.2.0/24,198.51.100.0/24", ""},
		"a placeholder that nobody replaced": {"{env.OFFICE}", ""},
		"empty":                              {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			profile := &Profile{AllowIPs: []string{tt.text}}
			if tt.want == "" {
				assert.ErrorContains(t, profile.Validate(), "allow_ips: got")
				assert.Equal(t, []string{tt.text}, profile.API().AllowIPs, "a list that is empty would let everybody in")
				return
			}
			require.NoError(t, profile.Validate())
			assert.Equal(t, []string{tt.want}, profile.API().AllowIPs)
		})
	}
}

func TestWithoutAllowIPsTheAPIIsOpenToEveryAddress(t *testing.T) {
	require.NoError(t, new(Profile).Validate())
	assert.Empty(t, new(Profile).API().AllowIPs)
}
