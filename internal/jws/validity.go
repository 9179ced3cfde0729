package jws

import (
	"errors"
	"fmt"
	"time"
)

// Validity holds the times of RFC 7519 sections 4.1.4 to 4.1.6. A zero time
// was not given.
type Validity struct {
	IssuedAt, NotBefore, ExpiresAt time.Time
}

var (
	// ErrExpired says that the time of exp has come.
	ErrExpired = errors.New("it has expired")
	// ErrNotYet says that the time of nbf or iat has not come.
	ErrNotYet = errors.New("it is not valid yet")
)

// Validity reads the times strictly: a wrong type or a time that no clock
// shows is an error, and never a time that was not given.
func (m *Message) Validity() (v Validity, err error) {
	for _, c := range []struct {
		name string
		to   *time.Time
	}{{"iat", &v.IssuedAt}, {"nbf", &v.NotBefore}, {"exp", &v.ExpiresAt}} {
		seconds, present, err := m.Claims.NumericDate(c.name)
		if err != nil {
			return Validity{}, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		if present {
			*c.to = time.Unix(seconds, 0)
		}
	}
	return v, nil
}

// Check returns nil while the time is right, [ErrExpired] or [ErrNotYet]. The
// leeway is how far two clocks may differ.
func (v Validity) Check(now time.Time, leeway time.Duration) error {
	if latest := now.Add(leeway); v.NotBefore.After(latest) || v.IssuedAt.After(latest) {
		return ErrNotYet
	}
	if !v.ExpiresAt.IsZero() && !now.Add(-leeway).Before(v.ExpiresAt) {
		return ErrExpired
	}
	return nil
}
