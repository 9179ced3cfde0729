package throttle

import (
	"net/netip"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
)

func TestCallersAreWhoTheyAreHere(t *testing.T) {
	home, away := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	id := uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95")
	callers := map[string]Caller{
		"a device":                     Device(home, IPv6Prefix),
		"another device":               Device(away, IPv6Prefix),
		"a client":                     Known(ByClient, id),
		"an application with its id":   Known(ByApplication, id),
		"who says to be a client":      Named(ByClient, id.String()),
		"the same from home":           Named(ByClient, id.String()).From(home, IPv6Prefix),
		"the same from elsewhere":      Named(ByClient, id.String()).From(away, IPv6Prefix),
		"a statement":                  Named(ByStatement, "eyJ"),
		"a header that says the same":  Named(ByHeader, "eyJ"),
		"a header that says something": Named(ByHeader, "eyJh"),
	}
	for name, c := range callers {
		for other, d := range callers {
			assert.Equal(t, name == other, c.Key() == d.Key(), "%s and %s here", name, other)
			assert.Equal(t, name == other, c.storeKey() == d.storeKey(), "%s and %s in the store", name, other)
		}
	}
}

// Every gateway of a fleet must come to the same, of every version.
func TestCallersAreTheSameInTheStoreForEveryGateway(t *testing.T) {
	assert.Equal(t, "throttle/address/xdJ1kb4ZSChOOpSirDepog", Device(netip.MustParseAddr("192.0.2.1"), 64).storeKey())
	assert.Equal(t, Device(netip.MustParseAddr("2001:db8::1"), 64).storeKey(), Device(netip.MustParseAddr("2001:db8::2"), 64).storeKey())
}

func TestNoNameShowsInTheStore(t *testing.T) {
	assert.NotContains(t, Named(ByHeader, "secret").storeKey(), "secret")
}

func TestFindingACallerAllocatesNothing(t *testing.T) {
	address, id := netip.MustParseAddr("192.0.2.1"), uuid.New()
	assert.Zero(t, testing.AllocsPerRun(1000, func() { Device(address, IPv6Prefix).Key() }))
	assert.Zero(t, testing.AllocsPerRun(1000, func() { Known(ByClient, id).Key() }))
	assert.Zero(t, testing.AllocsPerRun(1000, func() { Named(ByHeader, "value").From(address, IPv6Prefix).Key() }))
}
