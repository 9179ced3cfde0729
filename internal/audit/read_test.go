package audit_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestAnEntrySaysEverything(t *testing.T) {
	store := openBolt(t)
	g := newGateway(t, store, "gateway-1")
	begun := time.Now().Add(-time.Second)
	_, err := g.Commit(within(t), func(context.Context) (audit.Act, error) {
		return audit.Act{
			Writes: []plugins.Write{{Key: written("x"), Value: []byte("x")}},
			Notes: []audit.Note{{
				Actor: access.Actor{Name: "ann", Method: "http_basic", Surface: access.Console, Address: "192.0.2.7"},
				Role:  access.ChannelAdmin, Operation: access.UpdateChannel,
				Target:  audit.Target{Kind: "channel", ID: "REF30/odd"},
				Of:      access.Resource{Programmer: "REF", Channel: "REF30"},
				Outcome: audit.Done, Before: map[string]any{"b": 1, "a": "<&>"}, After: map[string]any{"a": 2}, Set: "s1",
			}},
		}, nil
	})
	require.NoError(t, err)
	page, err := g.List(within(t), "", 10, func(audit.Entry) bool { return true })
	require.NoError(t, err)
	require.Len(t, page.Entries, 1)
	e := page.Entries[0]
	assert.WithinRange(t, e.At, begun, time.Now().Add(time.Second))
	assert.Len(t, e.Hash, 64)
	e.At, e.Hash = time.Time{}, ""
	assert.Equal(t, audit.Entry{
		Seq: 1, Operation: "channel.update", Target: audit.Target{Kind: "channel", ID: "REF30/odd"}, Outcome: "done",
		Actor: "ann", Role: "channel_admin", Method: "http_basic", Surface: "console", Address: "192.0.2.7",
		Node: "gateway-1", Programmer: "REF", Channel: "REF30", ChangeSet: "s1",
		Before: json.RawMessage(`{"a":"\u003c\u0026\u003e","b":1}`), After: json.RawMessage(`{"a":2}`),
	}, e)
}

func TestTheNewestComeFirstAPageAtATime(t *testing.T) {
	store := openBolt(t)
	g := newGateway(t, store, "gateway-1")
	g.doMany(t, 12)
	even := func(e audit.Entry) bool { return e.Seq%2 == 0 }
	var pages []string
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := g.List(within(t), cursor, 4, even)
		require.NoError(t, err)
		var ids []string
		for _, e := range page.Entries {
			ids = append(ids, e.Target.ID)
		}
		pages = append(pages, strings.Join(ids, " "))
		cursor = page.Cursor
		g.do(t, "between "+cursor)
	}
	assert.Equal(t, []string{"p12 p10 p8 p6", "p4 p2"}, pages[:2], "what happens meanwhile moves no page")
}

func TestAListShowsTheHoles(t *testing.T) {
	store := openBolt(t)
	g := newGateway(t, store, "gateway-1")
	g.doMany(t, 4)
	f := forger{t, store}
	f.put(2, nil)
	f.put(1, []byte("garbage"))
	page, err := g.List(within(t), "", 10, func(audit.Entry) bool { return true })
	require.NoError(t, err)
	require.Len(t, page.Entries, 4)
	assert.Equal(t, audit.Entry{Seq: 2, Fault: audit.Missing}, page.Entries[2])
	assert.Equal(t, audit.Unreadable, page.Entries[3].Fault)
	text, err := json.Marshal(page)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "garbage")
}

func TestACursorIsOursOrRefused(t *testing.T) {
	g := newGateway(t, openBolt(t), "gateway-1")
	g.doMany(t, 2)
	for _, cursor := range []string{"x", "-", "1-", "1-zz", "3", "1-00", "99999999999999999999"} {
		_, err := g.List(within(t), cursor, 10, func(audit.Entry) bool { return true })
		assert.ErrorIs(t, err, audit.ErrCursor, "%q", cursor)
	}
}

func TestAStoreThatIsAwayIsNoEmptyRecord(t *testing.T) {
	store := openBolt(t)
	g := newGateway(t, store, "gateway-1")
	g.doMany(t, 2)
	g.cancel()
	require.NoError(t, store.Close())
	_, err := g.List(within(t), "", 10, func(audit.Entry) bool { return true })
	assert.ErrorIs(t, err, plugins.ErrUnavailable)
	_, err = g.Verify(within(t), "")
	assert.ErrorIs(t, err, plugins.ErrUnavailable)
}
