package registration

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// maxRevoked is how many revoked clients of one device within the window are
// stepped over before it gets a client that is not derived.
const maxRevoked = 4

// credentials are what a client gets. One that has keys gets no secret.
type credentials struct {
	id     uuid.UUID
	secret string
}

func (c credentials) String() string { return "credentials of client " + c.id.String() }

// GoString keeps the secret out of %#v.
func (c credentials) GoString() string { return c.String() }

// random makes credentials that nobody can make again.
func (s *Service) random(m Metadata) (credentials, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return credentials{}, fmt.Errorf("making a client id: %w", err)
	}
	if m.AuthMethod == PrivateKeyJWT {
		return credentials{id: id}, nil
	}
	text, err := s.Minter.ClientSecret()
	if err != nil {
		return credentials{}, fmt.Errorf("making a client secret: %w", err)
	}
	return credentials{id, text}, nil
}

// again finds the client that the device got within the window, and its
// credentials; or the credentials for a new one.
//
// A secret is stored as a keyed hash and cannot be told twice. So the
// credentials are derived, by the same key, from what is the same when one
// device asks again: the statement, the redirect URIs, how it describes itself,
// and its address. Each window has a number, which is derived from as well, so
// that the credentials of one window are never those of another: to look at
// this one and the one before finds every client that is young enough. A client
// that was revoked stays so; its device gets the next.
func (s *Service) again(ctx context.Context, keys *secret.Keyring, st statement.Statement, q Request, now int64) (credentials, *state.Client, error) {
	binding, ok := s.binding(keys, st, q)
	if !ok {
		fresh, err := s.random(q.Metadata)
		return fresh, nil, err
	}
	window := now / s.ReuseWithin.Milliseconds()
	for n := range maxRevoked {
		before, current := derive(keys, binding, window-1, n), derive(keys, binding, window, n)
		found, err := s.Clients.FindClients(ctx, before.id, current.id)
		if err != nil {
			return credentials{}, nil, fmt.Errorf("looking for the client that a device has: %w", err)
		}
		taken := false
		for _, c := range found {
			known := before
			if c.ID == current.id {
				known, taken = current, true
			}
			if s.usable(keys, c, known, now) {
				return known, &c, nil
			}
		}
		// One that is gone and was revoked was somebody's: its id is not free.
		if !taken && !s.killed(current.id) {
			return current, nil, nil
		}
	}
	fresh, err := s.random(q.Metadata)
	return fresh, nil, err
}

func (s *Service) killed(client uuid.UUID) bool {
	_, killed := s.State.Killed(&revocation.Subject{ClientID: client})
	return killed
}

// usable says whether a device can be told the client's credentials again.
func (s *Service) usable(keys *secret.Keyring, c state.Client, known credentials, now int64) bool {
	subject := c.Subject(s.Issuer)
	_, killed := s.State.Killed(&subject)
	return !killed && now-c.CreatedAt < s.ReuseWithin.Milliseconds() &&
		keys.Check(c.SecretKey, c.SecretMAC, secret.ClientSecret, known.id[:], []byte(known.secret))
}

// binding is what is the same when one device asks again. It is false where
// that is too little to tell devices apart by, or nobody wants to, or where the
// client has keys of its own and so nothing that could be told again.
func (s *Service) binding(keys *secret.Keyring, st statement.Statement, q Request) ([]byte, bool) {
	if s.ReuseWithin < time.Millisecond || !q.Address.IsValid() || q.Metadata.AuthMethod == PrivateKeyJWT {
		return nil, false
	}
	fingerprint, ok := device.Fingerprint(q.DeviceHeader, q.UserAgent)
	if !ok {
		return nil, false
	}
	parts := [][]byte{
		[]byte(st.Issuer), []byte(st.KeyID), st.ID[:], fingerprint[:],
		[]byte(throttle.Network(q.Address, throttle.IPv6Prefix).String()),
		binary.BigEndian.AppendUint64(nil, uint64(s.ReuseWithin.Milliseconds())),
	}
	for _, uri := range q.RedirectURIs {
		parts = append(parts, []byte(uri))
	}
	return keys.Derive(secret.DeviceBinding, parts...), true
}

// derive makes the credentials number n of a window.
func derive(keys *secret.Keyring, binding []byte, window int64, n int) credentials {
	parts := [][]byte{binding, binary.BigEndian.AppendUint64(nil, uint64(window)), {byte(n)}}
	// Neither fails: the derived bytes are as many as are read.
	id, _ := uuid.NewRandomFromReader(bytes.NewReader(keys.Derive(secret.DerivedID, parts...)))
	text, _ := secret.Minter{Rand: bytes.NewReader(keys.Derive(secret.DerivedSecret, parts...))}.ClientSecret()
	return credentials{id, text}
}
