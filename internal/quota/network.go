package quota

import (
	"encoding/binary"
	"net/netip"

	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// networkOf is what tells a home from others: an IPv4 address, or a /64.
func networkOf(address netip.Addr) netip.Prefix {
	return throttle.Network(address, throttle.IPv6Prefix)
}

// networks hashes the network of an address with each key, the newest first.
// There is none without an address, which is the operator's own Unix socket.
//
// A hash has 32 bits. Of n networks each shares its own with another by a
// chance of n in 4.3 billion, of a million so some 230 in all, and their
// clients are counted together.
func networks(keys *secret.Keyring, address netip.Addr) []state.Network {
	if keys == nil || !address.IsValid() {
		return nil
	}
	var all []state.Network
	for _, hash := range keys.DeriveEach(secret.ClientNetwork, []byte(networkOf(address).String())) {
		// Zero would stand for no network.
		all = append(all, state.Network(max(1, binary.BigEndian.Uint32(hash))))
	}
	return all
}
