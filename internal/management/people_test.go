package management_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// person is somebody whom Caddy has authenticated, with one role.
func person(name string, role access.Role, place ...string) access.Actor {
	g, err := access.NewGrant(role, place...)
	if err != nil {
		panic(err)
	}
	return access.Actor{Name: name, Method: "http_basic", Surface: access.API, Address: "192.0.2.7", Grants: []access.Grant{g}}
}

var (
	refAdmin   = person("rae", access.ProgrammerAdmin, "REF")
	ref30Admin = person("kim", access.ChannelAdmin, "REF", "REF30")
	foxAdmin   = person("fay", access.ProgrammerAdmin, "FOX")
	reader     = person("ray", access.ReadOnly)
	refReader  = person("roy", access.ReadOnly, "REF")
)

func call(who access.Actor) management.Call { return management.Call{Actor: who} }

// settle makes records of two programmers with two channels each.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for programmer, channels := range map[string][]string{"REF": {"REF30", "REF31"}, "FOX": {"FOX1", "FOX2"}} {
		_, err := w.CreateProgrammer(within(t), call(ann), programmer, management.ProgrammerSpec{})
		require.NoError(t, err)
		for _, channel := range channels {
			_, err := w.CreateChannel(within(t), call(ann), channel, management.ChannelSpec{Programmer: programmer})
			require.NoError(t, err)
		}
	}
}

// entries lists what is on record, the oldest first.
func (w *world) entries(t *testing.T, who access.Actor, filter management.AuditFilter) []audit.Entry {
	t.Helper()
	var all []audit.Entry
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := w.AuditEntries(within(t), who, filter, management.Part{Cursor: cursor, Limit: 3})
		require.NoError(t, err)
		for _, e := range page.Entries {
			all = append([]audit.Entry{e}, all...)
		}
		cursor = page.Cursor
	}
	return all
}

// whole checks that the chain is, as every test does that has filled it.
func (w *world) whole(t *testing.T) {
	t.Helper()
	v, err := w.VerifyAudit(within(t), ann, "", nil)
	require.NoError(t, err)
	require.True(t, v.Whole, "%+v", v.Breaks)
}
