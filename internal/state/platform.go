package state

import (
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// platformCodes are the numbers by which clients' records name platforms: the
// place in the list, from 1. There are millions of records, and a number
// leaves room for the day of the last use. The list only ever grows at its end.
var platformCodes = []device.Platform{
	device.Android, device.IOS, device.TVOS, device.FireOS, device.Roku, device.Tizen, device.WebOS, device.Xbox,
	device.PlayStation, device.Chromecast, device.Windows, device.MacOS, device.Linux, device.ChromeOS,
	device.Browser, device.Other,
}

// packPlatform is the code of a platform, or its name where it has none.
func packPlatform(name string) any {
	if i := slices.Index(platformCodes, device.Platform(name)); i >= 0 {
		return uint64(i + 1)
	}
	if name == "" {
		return nil
	}
	return name
}

// unpackPlatform undoes packPlatform. A code that is unknown here comes from a
// later version, and must not read as a platform that no kill can stop.
func unpackPlatform(packed any) (string, error) {
	switch p := packed.(type) {
	case nil:
		return "", nil
	case string:
		return p, nil
	case uint64:
		if p > 0 && p <= uint64(len(platformCodes)) {
			return string(platformCodes[p-1]), nil
		}
	}
	return "", fmt.Errorf("platform %v is unknown to this gateway: %w", packed, plugins.ErrUnavailable)
}

// PlatformName is a platform that is written by its code, where it has one.
type PlatformName string

// MarshalCBOR implements [cbor.Marshaler].
func (n PlatformName) MarshalCBOR() ([]byte, error) { return cbor.Marshal(packPlatform(string(n))) }

// UnmarshalCBOR implements [cbor.Unmarshaler].
func (n *PlatformName) UnmarshalCBOR(raw []byte) error {
	var packed any
	if err := cbor.Unmarshal(raw, &packed); err != nil {
		return err
	}
	name, err := unpackPlatform(packed)
	*n = PlatformName(name)
	return err
}
