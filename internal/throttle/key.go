package throttle

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
)

// Key stands for a caller in a [Table]: 64 bits of a hash under a seed that is
// this process's secret. Nothing that it is used for shows a hash to anybody,
// so that nobody can look for names that share a bucket, or a place in the
// table, with somebody else's. Among a million callers the chance that any two
// share a bucket is below one in ten million.
type Key uint64

// Texts and addresses are hashed apart, so that no text is an address.
var textSeed, addressSeed = maphash.MakeSeed(), maphash.MakeSeed()

// IPv6Prefix is how much of an IPv6 address tells a device from others by
// default: a home has a network of this size or larger, and every device in it
// as many addresses as it likes.
const IPv6Prefix = 64

// KeyOf makes a key of texts. ("a", "bc") and ("ab", "c") are two keys.
func KeyOf(parts ...string) Key {
	var h maphash.Hash
	h.SetSeed(textSeed)
	for _, part := range parts {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.WriteString(part)
	}
	return Key(h.Sum64())
}

// AddressKey makes a key of a device's address: all of an IPv4 address, also
// where it is written as IPv6, and as many bits as prefix says of an IPv6 one.
// All addresses that are not valid share a key.
func AddressKey(a netip.Addr, prefix int) Key { return networkKey(network(a, prefix)) }

func networkKey(network [16]byte) Key { return Key(maphash.Bytes(addressSeed, network[:])) }

func network(a netip.Addr, prefix int) [16]byte { return Network(a, prefix).Addr().As16() }

// Network is what is left of an address without the bits that a device chooses
// itself.
func Network(a netip.Addr, prefix int) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = prefix
	}
	cut, err := a.Prefix(bits)
	if err != nil {
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return cut
}
