package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "dcr.db")
	s, err := Open(path)
	require.NoError(t, err)
	defer s.Close()
	dir, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), dir.Mode().Perm())
	file, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), file.Mode().Perm())
	findings, err := s.Diagnose(context.Background())
	require.NoError(t, err)
	assert.Empty(t, findings)

	require.NoError(t, os.Chmod(path, 0o644))
	findings, err = s.Diagnose(context.Background())
	require.NoError(t, err)
	require.Len(t, findings, 1)
	assert.Contains(t, findings[0], "chmod 600 "+path)
}

func TestOpenNamesTheFileThatItCannotUse(t *testing.T) {
	t.Run("locked by another", func(t *testing.T) {
		held := openTemp(t)
		_, err := Open(held.path)
		require.ErrorContains(t, err, held.path+" is locked by another process")
	})
	t.Run("not a database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "dcr.db")
		require.NoError(t, os.WriteFile(path, make([]byte, 64<<10), 0o600))
		_, err := Open(path)
		require.ErrorContains(t, err, path)
	})
	for name, spoil := range map[string]func(t *testing.T, file *os.File, size int64){
		"cut in its beginning": func(t *testing.T, file *os.File, _ int64) { require.NoError(t, file.Truncate(5000)) },
		"cut in its middle":    func(t *testing.T, file *os.File, size int64) { require.NoError(t, file.Truncate(size/2)) },
		"overwritten": func(t *testing.T, file *os.File, size int64) {
			pages := int64(os.Getpagesize())
			_, err := file.WriteAt(make([]byte, size-2*pages), 2*pages) // all but the two pages that say where things are
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTemp(t)
			for i := range 200 {
				require.NoError(t, s.Put(t.Context(), plugins.Write{Key: fmt.Sprint(i), Value: make([]byte, 1000)}))
			}
			require.NoError(t, s.Close())
			file, err := os.OpenFile(s.path, os.O_RDWR, 0)
			require.NoError(t, err)
			defer file.Close()
			facts, err := file.Stat()
			require.NoError(t, err)
			spoil(t, file, facts.Size())
			for range 2 {
				_, err = Open(s.path)
				require.ErrorContains(t, err, s.path)
				require.NotContains(t, err.Error(), "locked", "it was let go")
			}
		})
	}
}

func TestReopenedFile(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "dcr.db")
	s, err := Open(path)
	require.NoError(t, err)
	require.NoError(t, s.Put(ctx, plugins.Write{Key: "a", Value: []byte("1")}))
	old, err := s.Append(ctx, plugins.Write{Key: "r/a", Value: []byte("2")})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	s, err = Open(path)
	require.NoError(t, err)
	defer s.Close()
	items, err := s.Get(ctx, "a", "r/a")
	require.NoError(t, err)
	assert.Equal(t, []plugins.Item{{Key: "a", Value: []byte("1")}, {Key: "r/a", Value: []byte("2")}}, items)
	position, err := s.Append(ctx, plugins.Write{Key: "r/b", Value: []byte("3")})
	require.NoError(t, err)
	assert.Equal(t, old.Seq+1, position.Seq, "the feed goes on")
	_, err = s.Follow(ctx, old, 0)
	assert.ErrorIs(t, err, plugins.ErrLostPlace, "the file may have been put back from a backup")
}

func TestFeedKeepsItsLength(t *testing.T) {
	ctx := context.Background()
	s, err := open(filepath.Join(t.TempDir(), "dcr.db"), 10, time.Hour)
	require.NoError(t, err)
	defer s.Close()
	for i := range 25 {
		_, err := s.Append(ctx, plugins.Write{Key: "r/a", Value: []byte(fmt.Sprint(i))})
		require.NoError(t, err)
	}
	for seq := range uint64(15) {
		_, err := s.Follow(ctx, plugins.Position{Feed: s.feed, Seq: seq}, 0)
		require.ErrorIs(t, err, plugins.ErrLostPlace, seq)
	}
	_, err = s.Follow(ctx, plugins.Position{}, 0)
	require.ErrorIs(t, err, plugins.ErrLostPlace)
	batch, err := s.Follow(ctx, plugins.Position{Feed: s.feed, Seq: 15}, 0)
	require.NoError(t, err)
	assert.Len(t, batch.Entries, 10)
}

func TestSweepRemovesOnlyWhatIsDead(t *testing.T) {
	s, err := open(filepath.Join(t.TempDir(), "dcr.db"), 10, time.Millisecond)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.db.Update(func(tx *bbolt.Tx) error {
		for i := range 3 * sweepStep {
			var expires int64
			if i%3 > 0 {
				expires = int64(i%3-1)*1<<50 + 1 // long ago, and in a far future
			}
			if err := tx.Bucket(recordBucket).Put([]byte(fmt.Sprint(i)), encode([]byte("v"), expires)); err != nil {
				return err
			}
		}
		return nil
	}))
	stored := func() (n int) {
		require.NoError(t, s.db.View(func(tx *bbolt.Tx) error { n = tx.Bucket(recordBucket).Stats().KeyN; return nil }))
		return n
	}
	require.Eventually(t, func() bool { return stored() == 2*sweepStep }, 30*time.Second, 5*time.Millisecond)
	s.sweep(s.sweep(nil))
	require.Equal(t, 2*sweepStep, stored(), "another round finds nothing")
}

func TestSweepSparesARecordWrittenAnew(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t)
	require.NoError(t, s.Put(ctx, plugins.Write{Key: "a", Value: []byte("1")}))
	require.NoError(t, s.remove([][]byte{[]byte("a"), []byte("gone")}))
	items, err := s.Get(ctx, "a")
	require.NoError(t, err)
	assert.Equal(t, "1", string(items[0].Value))
}

func TestADiskThatFailsIsAClassOfItsOwn(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "dcr.db", Err: syscall.ENOSPC}
	assert.Equal(t, plugins.FaultDisk, plugins.FaultOf(failed("put", full)))
	assert.Equal(t, plugins.FaultOther, plugins.FaultOf(failed("put", errors.New("misuse"))))
	require.ErrorIs(t, failed("put", full), plugins.ErrUnavailable)
}
