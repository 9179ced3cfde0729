package state

import (
	"fmt"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// ClientKey is a public key of a client, for one algorithm.
type ClientKey struct {
	Algorithm string `cbor:"1,keyasint"`
	// ID is the kid that the client gave it, if it did.
	ID string `cbor:"2,keyasint,omitempty"`
	// Public is its SubjectPublicKeyInfo (DER).
	Public []byte `cbor:"3,keyasint"`
}

// SetPublicKeys gives a client that is not stored yet its keys.
func (c *Client) SetPublicKeys(keys []*jws.Key) error {
	for _, key := range keys {
		der, err := key.MarshalPublic()
		if err != nil {
			return fmt.Errorf("a key of client %s: %w", c.ID, err)
		}
		c.Keys = append(c.Keys, ClientKey{Algorithm: string(key.Algorithm()), ID: key.ID(), Public: der})
	}
	return nil
}

// PublicKeys gives the client's keys. What cannot be read was a good key when
// it was registered, so that is the store's fault.
func (c Client) PublicKeys() ([]*jws.Key, error) {
	keys := make([]*jws.Key, len(c.Keys))
	for i, k := range c.Keys {
		var err error
		if keys[i], err = jws.UnmarshalPublic(k.ID, jws.Algorithm(k.Algorithm), k.Public); err != nil {
			return nil, fmt.Errorf("client %s: %w: %w", c.ID, err, plugins.ErrUnavailable)
		}
	}
	return keys, nil
}
