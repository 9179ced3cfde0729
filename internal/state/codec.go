package state

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// kind tells records apart, so that one can never be read as another.
type kind byte

const (
	kindClient      kind = 1
	kindToken       kind = 2
	kindApplication kind = 3
	kindKill        kind = 4
	kindSigningKey  kind = 5
	kindNode        kind = 6
	kindNodes       kind = 7
	kindStatement   kind = 8
	kindProgrammer  kind = 9
	kindChannel     kind = 10
	kindProxyMVPD   kind = 11
	kindScope       kind = 12
	kindPlatform    kind = 13
	kindAuditEntry  kind = 14
	kindAuditHead   kind = 15
	kindChangeSet   kind = 16
	kindAsked       kind = 17
	kindCensus      kind = 18
	kindCensusPart  kind = 19
	kindRefusal     kind = 32
	// kindClientOfNetwork is a client whose network is on record.
	kindClientOfNetwork kind = 33
	kindCensusNewest    kind = 34
)

// codecVersion begins every record. A new field is no new version: readers
// ignore fields that they do not know, and gateways of two versions can share
// a store while a fleet is upgraded.
const codecVersion = 1

var (
	encoder = must(cbor.CoreDetEncOptions().EncMode())
	decoder = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  8,
		MaxArrayElements: 1 << 16,
		MaxMapPairs:      1 << 10,
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

func encode(k kind, record any) ([]byte, error) {
	body, err := encoder.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encoding a record: %w", err)
	}
	return append([]byte{codecVersion, byte(k)}, body...), nil
}

// decode reads a record. Whatever is wrong with it is a fault of the store or
// of ours, never of the client, and so wraps plugins.ErrUnavailable.
func decode(k kind, value []byte, record any) error {
	switch {
	case len(value) < 2:
		return fmt.Errorf("record cut short: %w", plugins.ErrUnavailable)
	case value[0] != codecVersion:
		return fmt.Errorf("record of version %d, this gateway reads %d: %w", value[0], codecVersion, plugins.ErrUnavailable)
	case value[1] != byte(k):
		return fmt.Errorf("record of kind %d, wanted %d: %w", value[1], k, plugins.ErrUnavailable)
	}
	if err := decoder.Unmarshal(value[2:], record); err != nil {
		return fmt.Errorf("record unreadable (%w): %w", err, plugins.ErrUnavailable)
	}
	return nil
}
