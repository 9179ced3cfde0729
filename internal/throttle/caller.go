package throttle

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"

	"github.com/google/uuid"
)

// Kind says by what callers are told apart. The set is closed: it is a label.
type Kind string

const (
	// ByAddress is a device, or as many as share its address.
	ByAddress Kind = "address"
	// ByClient is a registered client, one app on one device.
	ByClient Kind = "client"
	// ByApplication is all clients of a registered application.
	ByApplication Kind = "application"
	// ByStatement is all clients that registered with one software statement.
	ByStatement Kind = "statement"
	// ByHeader is whoever sends the same value of a header.
	ByHeader Kind = "header"
)

// Kinds lists the closed set.
var Kinds = []Kind{ByAddress, ByClient, ByApplication, ByStatement, ByHeader}

// Caller is who is counted.
type Caller struct {
	By   Kind
	id   [16]byte
	name string
}

// Device is the caller at an address, see [AddressKey].
func Device(a netip.Addr, prefix int) Caller {
	return Caller{By: ByAddress, id: network(a, prefix)}
}

// Known is a caller whose id a good token has proved.
func Known(by Kind, id uuid.UUID) Caller { return Caller{By: by, id: id} }

// Named is a caller by a name that nobody has checked.
func Named(by Kind, name string) Caller { return Caller{By: by, name: name} }

// From is the same caller, told apart from those at other addresses. A name
// that anybody can say could be used up for whom it belongs to.
func (c Caller) From(a netip.Addr, prefix int) Caller {
	c.id = network(a, prefix)
	return c
}

// Key is the caller's place in a [Table].
func (c Caller) Key() Key {
	if c.By == ByAddress {
		return networkKey(c.id)
	}
	return KeyOf(string(c.By), string(c.id[:]), c.name)
}

// storeKey is the caller's place in a store, the same for every gateway. It
// shows no name: that can be a software statement or a header's secret.
func (c Caller) storeKey() string {
	text := make([]byte, 0, 256)
	text = append(append(append(text, c.By...), c.id[:]...), c.name...)
	sum := sha256.Sum256(text)
	return "throttle/" + string(c.By) + "/" + base64.RawURLEncoding.EncodeToString(sum[:16])
}
