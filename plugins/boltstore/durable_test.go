package boltstore

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// childFile tells this test binary, run again, to write until it is killed.
const childFile = "DCR_TEST_BOLT_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever prints every key once its write was acknowledged.
func writeForever(path string) {
	s, err := Open(path)
	if err != nil {
		panic(err)
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				var err error
				key := fmt.Sprintf("%d/%d", w, i)
				if i%3 == 0 {
					key = plugins.ReplicaPrefix + key
					_, err = s.Append(context.Background(), plugins.Write{Key: key, Value: []byte(key)})
				} else {
					err = s.Put(context.Background(), plugins.Write{Key: key, Value: []byte(key)})
				}
				if err != nil {
					panic(err) // nothing is printed that was not acknowledged
				}
				out.Lock()
				fmt.Println(key)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dcr.db")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFile+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	var acknowledged []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if acknowledged = append(acknowledged, lines.Text()); len(acknowledged) == 300 {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.Error(t, child.Wait(), "it was killed")
	require.GreaterOrEqual(t, len(acknowledged), 300)

	s, err := Open(path)
	require.NoError(t, err)
	defer s.Close()
	items, err := s.Get(context.Background(), acknowledged...)
	require.NoError(t, err)
	acts := uint64(0)
	for _, item := range items {
		require.Equal(t, item.Key, string(item.Value))
		if strings.HasPrefix(item.Key, plugins.ReplicaPrefix) {
			acts++
		}
	}
	position, _, err := s.Tail(context.Background())
	require.NoError(t, err)
	assert.GreaterOrEqual(t, position.Seq, acts)
}

// A commit waits for the disk; if every caller paid one, fifty registrations
// at once would take fifty times as long as one.
func TestCallersAtOnceShareCommits(t *testing.T) {
	s := openTemp(t)
	before := transactions(t, s)
	const callers, each = 50, 20
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				assert.NoError(t, s.Put(context.Background(), plugins.Write{Key: fmt.Sprintf("%d/%d", c, i), Value: []byte("v")}))
			}
		})
	}
	wg.Wait()
	commits := transactions(t, s) - before
	t.Logf("%d writes in %d commits", callers*each, commits)
	assert.Less(t, commits, callers*each/2)
}

func transactions(t *testing.T, s *Store) int {
	t.Helper()
	var id int
	require.NoError(t, s.db.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }))
	return id
}

// One caller's refused write must not undo, nor be undone with, the others of
// its group.
func TestConflictsLeaveTheirGroupAlone(t *testing.T) {
	s := openTemp(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			w := plugins.Write{Key: fmt.Sprint(i), Value: []byte("v")}
			if i%2 == 1 {
				w.If, w.Old = plugins.IfEqual, []byte("never")
				assert.ErrorIs(t, s.Put(context.Background(), w), plugins.ErrConflict)
				return
			}
			assert.NoError(t, s.Put(context.Background(), w))
		})
	}
	wg.Wait()
	page, err := s.List(context.Background(), "", "", 1000)
	require.NoError(t, err)
	assert.Len(t, page.Items, 20)
}
