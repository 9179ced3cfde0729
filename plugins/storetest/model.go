package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var modelTests = []test{
	{"does what a map and a list would do", func(t *testing.T, s plugins.Store) {
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			m := &model{store: s, room: fmt.Sprintf("%d/", round), keys: map[string][]byte{}}
			m.start(rt, t)
			rt.Repeat(map[string]func(*rapid.T){
				"Put":    func(rt *rapid.T) { m.put(rt, t) },
				"Append": func(rt *rapid.T) { m.append(rt, t) },
				"Get":    func(rt *rapid.T) { m.get(rt, t) },
				"":       func(rt *rapid.T) {},
			})
			m.list(rt, t)
			m.follow(rt, t)
		})
	}},
}

// model is what a store must be indistinguishable from. Every round has a room
// of its own in one store, so that a round costs no set-up.
type model struct {
	store plugins.Store
	room  string
	keys  map[string][]byte
	from  plugins.Position
	acts  [][]plugins.Write
}

var (
	drawName  = rapid.SampledFrom([]string{"a", "b", "a\x00", "*", "{f}:r", "\xff"})
	drawValue = rapid.SampledFrom([][]byte{nil, {}, []byte("1"), []byte("2"), {0, 0xff}})
	drawTTL   = rapid.SampledFrom([]time.Duration{0, time.Hour})
)

func (m *model) start(rt *rapid.T, t *testing.T) {
	position, _, err := m.store.Tail(within(t))
	require.NoError(rt, err)
	m.from = position
}

func (m *model) draw(rt *rapid.T, prefix string) plugins.Write {
	w := plugins.Write{
		Key:   prefix + m.room + drawName.Draw(rt, "key"),
		Value: drawValue.Draw(rt, "value"),
		TTL:   drawTTL.Draw(rt, "ttl"),
		If:    rapid.SampledFrom([]plugins.Condition{plugins.Always, plugins.IfAbsent, plugins.IfEqual}).Draw(rt, "if"),
	}
	if w.Value == nil {
		w.TTL = 0
	}
	if w.If == plugins.IfEqual {
		w.Old = drawValue.Draw(rt, "old")
	}
	return w
}

func (m *model) allows(writes ...plugins.Write) bool {
	for _, w := range writes {
		old := m.keys[w.Key]
		if w.If == plugins.IfAbsent && old != nil || w.If == plugins.IfEqual && (old == nil || !bytes.Equal(old, w.Old)) {
			return false
		}
	}
	return true
}

func (m *model) apply(writes ...plugins.Write) {
	for _, w := range writes {
		if w.Value == nil {
			delete(m.keys, w.Key)
		} else {
			m.keys[w.Key] = w.Value
		}
	}
}

func (m *model) put(rt *rapid.T, t *testing.T) {
	w := m.draw(rt, "")
	err := m.store.Put(within(t), w)
	if !m.allows(w) {
		require.ErrorIs(rt, err, plugins.ErrConflict)
		return
	}
	require.NoError(rt, err)
	m.apply(w)
}

func (m *model) append(rt *rapid.T, t *testing.T) {
	writes := make([]plugins.Write, rapid.IntRange(1, 3).Draw(rt, "writes"))
	for i := range writes {
		writes[i] = m.draw(rt, plugins.ReplicaPrefix)
	}
	position, err := m.store.Append(within(t), writes...)
	if !m.allows(writes...) {
		require.ErrorIs(rt, err, plugins.ErrConflict)
		return
	}
	require.NoError(rt, err)
	m.apply(writes...)
	for i := range writes {
		writes[i].If, writes[i].Old = plugins.Always, nil
	}
	m.acts = append(m.acts, writes)
	require.Equal(rt, m.from.Seq+uint64(len(m.acts)), position.Seq)
}

func (m *model) get(rt *rapid.T, t *testing.T) {
	keys := make([]string, rapid.IntRange(1, 4).Draw(rt, "keys"))
	want := make([]plugins.Item, len(keys))
	for i := range keys {
		keys[i] = rapid.SampledFrom([]string{"", plugins.ReplicaPrefix}).Draw(rt, "kind") + m.room + drawName.Draw(rt, "key")
		want[i] = plugins.Item{Key: keys[i], Value: m.keys[keys[i]]}
	}
	items, err := m.store.Get(within(t), keys...)
	require.NoError(rt, err)
	require.Equal(rt, want, items)
}

func (m *model) list(rt *rapid.T, t *testing.T) {
	for _, prefix := range []string{m.room, plugins.ReplicaPrefix + m.room, m.room + "a"} {
		want := maps.Collect(func(yield func(string, string) bool) {
			for key, value := range m.keys {
				if strings.HasPrefix(key, prefix) && !yield(key, string(value)) {
					return
				}
			}
		})
		require.Equal(rt, want, listAll(t, within(t), m.store, prefix, rapid.IntRange(1, 20).Draw(rt, "limit")))
	}
}

func (m *model) follow(rt *rapid.T, t *testing.T) {
	entries := followTo(t, within(t), m.store, m.from, m.from.Seq+uint64(len(m.acts)))
	require.Len(rt, entries, len(m.acts))
	for i, entry := range entries {
		require.Equal(rt, m.acts[i], entry.Writes)
	}
	_, err := m.store.Follow(within(t), m.from, 0)
	require.False(rt, errors.Is(err, plugins.ErrLostPlace))
}
