// Package storetest is the conformance suite of [plugins.Store]: whoever
// writes a store runs it, and so does every store of ours.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// patience is how long the suite waits for something that must happen. It is
// a limit against hanging and measures nothing.
const patience = 30 * time.Second

// a test is one sentence of the contract.
type test struct {
	sentence string
	run      func(t *testing.T, s plugins.Store)
}

// Run checks one handle. open returns a store with nothing in it, another one
// at every call; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) plugins.Store) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"Get", getTests},
		{"Put", putTests},
		{"expiry", expiryTests},
		{"List", listTests},
		{"Append", appendTests},
		{"Follow", followTests},
		{"snapshot", snapshotTests},
		{"Take", takeTests},
		{"model", modelTests},
		{"end", endTests},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.sentence, func(t *testing.T) {
					s := open(t)
					t.Cleanup(func() { _ = s.Close() })
					test.run(t, s)
				})
			}
		})
	}
}

// within is a context that outlives every healthy call.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func put(t *testing.T, s plugins.Store, key, value string) {
	t.Helper()
	require.NoError(t, s.Put(within(t), plugins.Write{Key: key, Value: []byte(value)}))
}

func add(t *testing.T, s plugins.Store, writes ...plugins.Write) plugins.Position {
	t.Helper()
	position, err := s.Append(within(t), writes...)
	require.NoError(t, err)
	return position
}

func set(key, value string) plugins.Write { return plugins.Write{Key: key, Value: []byte(value)} }

func get(t *testing.T, s plugins.Store, key string) []byte {
	t.Helper()
	items, err := s.Get(within(t), key)
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Equal(t, key, items[0].Key)
	return items[0].Value
}

func tail(t *testing.T, s plugins.Store) plugins.Position {
	t.Helper()
	position, _, err := s.Tail(within(t))
	require.NoError(t, err)
	return position
}

// listAll pages through everything under prefix. Keys that a page repeats
// overwrite each other, as the contract allows.
func listAll(t testing.TB, ctx context.Context, s plugins.Store, prefix string, limit int) map[string]string {
	t.Helper()
	all := map[string]string{}
	for cursor := ""; ; {
		page, err := s.List(ctx, prefix, cursor, limit)
		require.NoError(t, err)
		for _, item := range page.Items {
			all[item.Key] = string(item.Value)
		}
		if cursor = page.Cursor; cursor == "" {
			return all
		}
	}
}

// followTo collects the entries after a position up to another one.
func followTo(t testing.TB, ctx context.Context, s plugins.Store, after plugins.Position, last uint64) []plugins.Entry {
	t.Helper()
	var entries []plugins.Entry
	for after.Seq < last {
		batch, err := s.Follow(ctx, after, time.Second)
		require.NoError(t, err)
		entries = append(entries, batch.Entries...)
		after = batch.Position
	}
	return entries
}

// eventually polls, since expiry is only promised to happen.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if done() {
			return
		}
	}
	require.FailNow(t, "never: "+what)
}
