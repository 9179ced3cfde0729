package throttle_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

func TestAddressesOfOneDeviceAreOneKey(t *testing.T) {
	key := func(text string, prefix int) throttle.Key {
		return throttle.AddressKey(netip.MustParseAddr(text), prefix)
	}
	for name, test := range map[string]struct {
		a, b   string
		prefix int
		same   bool
	}{
		"an address and itself":             {"192.0.2.1", "192.0.2.1", 64, true},
		"two IPv4 addresses":                {"192.0.2.1", "192.0.2.2", 64, false},
		"IPv4 and the same written as v6":   {"192.0.2.1", "::ffff:192.0.2.1", 64, true},
		"two of them written as v6":         {"::ffff:192.0.2.2", "::ffff:192.0.2.1", 64, false},
		"two addresses of a /64":            {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", 64, true},
		"addresses of two /64s":             {"2001:db8:1:2::1", "2001:db8:1:3::1", 64, false},
		"two /64s of a /56":                 {"2001:db8:1:2::1", "2001:db8:1:3::1", 56, true},
		"two addresses when all bits count": {"2001:db8:1:2::1", "2001:db8:1:2::2", 128, false},
		"the same through two interfaces":   {"fe80::1%eth0", "fe80::1%eth1", 64, true},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.same, key(test.a, test.prefix) == key(test.b, test.prefix))
		})
	}
	assert.NotPanics(t, func() { throttle.AddressKey(netip.Addr{}, 64) }, "what has no address is somebody, too")
}

func TestTextsThatReadAlikeTogetherAreTwoKeys(t *testing.T) {
	assert.Equal(t, throttle.KeyOf("a", "bc"), throttle.KeyOf("a", "bc"))
	assert.NotEqual(t, throttle.KeyOf("a", "bc"), throttle.KeyOf("ab", "c"))
	assert.NotEqual(t, throttle.KeyOf("a"), throttle.KeyOf("a", ""))
}

func TestMakingAKeyAllocatesNothing(t *testing.T) {
	address, id := netip.MustParseAddr("2001:db8::1"), "a client's id"
	assert.Zero(t, testing.AllocsPerRun(1000, func() { throttle.AddressKey(address, throttle.IPv6Prefix) }))
	assert.Zero(t, testing.AllocsPerRun(1000, func() { throttle.KeyOf("client", id) }))
}
