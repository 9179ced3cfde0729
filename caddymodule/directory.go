package caddymodule

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// directory is the state as one configuration sees it: the replica, the
// applications that the configuration declares, and how old knowledge may be.
type directory struct {
	*state.Replica
	declared  map[uuid.UUID]*application.Application
	staleness time.Duration
}

// Application looks an application up; a declared one comes first, since the
// configuration is what its operator sees.
func (d *directory) Application(id uuid.UUID) (*application.Application, bool) {
	if app, found := d.declared[id]; found {
		return app, true
	}
	return d.Replica.Application(id)
}

// Fresh returns nil while the replica may be decided from.
func (d *directory) Fresh() error { return d.Replica.Fresh(d.staleness) }

// issuing is the directory for those who give credentials out: they need the
// gateway's keys as well, and without one of them cannot tell a forged
// statement from a good one.
type issuing struct {
	*directory
	keys *keyring.Ring
}

// Fresh returns nil while the replica and the keys may be decided from, and the
// store is the one that credentials belong into.
func (i issuing) Fresh() error {
	if err := i.directory.Fresh(); err != nil {
		return err
	}
	return errors.Join(i.Astray(), i.keys.Err())
}
