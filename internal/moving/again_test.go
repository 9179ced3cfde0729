package moving

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// slowly takes its time for each write.
type slowly struct{ plugins.Store }

func (s slowly) Put(ctx context.Context, w plugins.Write) error {
	time.Sleep(200 * time.Millisecond)
	return s.Store.Put(ctx, w)
}

// Whoever copied for a move that failed could otherwise wake up in the next
// one, go on in the middle, and say that all is there.
func TestAMoveIsNotEndedByTheCopierOfTheOneBefore(t *testing.T) {
	for name, end := range map[string]func(*Store){
		"after one that failed":  func(s *Store) { s.giveUp(s.current.Load(), errors.New("a write took too long")) },
		"after one that stopped": func(s *Store) { s.Finish() },
	} {
		t.Run(name, func(t *testing.T) {
			from, to := bolt(t), bolt(t)
			s := moving(from)
			for i := range 3 * page {
				require.NoError(t, s.Put(t.Context(), plugins.Write{Key: fmt.Sprintf("c/%04d", i), Value: []byte("x")}))
			}
			require.NoError(t, s.Begin(t.Context(), slowly{bolt(t)}))
			require.Eventually(t, func() bool { _, copied, _ := s.Progress(); return copied >= page }, 30*time.Second, time.Millisecond)
			end(s)
			require.NoError(t, s.Begin(t.Context(), to))
			until(t, s, Alike)
			assert.Equal(t, contents(t, from), contents(t, to))
			time.Sleep(300 * time.Millisecond) // the other one would have woken up by now
			is, copied, err := s.Progress()
			assert.Equal(t, Alike, is)
			assert.NoError(t, err)
			assert.EqualValues(t, 3*page, copied, "nobody copied twice")
		})
	}
}

// A store that was left and fails is not kept alike any more; that it was left
// is written into it all the same, once it answers.
func TestAStoreThatWasLeftAndFailedIsMarkedAsLeft(t *testing.T) {
	from, to := bolt(t), bolt(t)
	s := moving(from)
	require.NoError(t, s.Begin(t.Context(), to))
	until(t, s, Alike)
	require.NoError(t, s.Switch())
	s.giveUp(s.current.Load(), errors.New("a write took too long"))
	is, _, err := s.Progress()
	assert.Equal(t, Switched, is)
	assert.Error(t, err, "a person can see it")
	require.ErrorIs(t, s.Back(), ErrBusy)
	s.Finish()
	is, _, err = s.Progress()
	assert.Equal(t, Idle, is)
	assert.NoError(t, err)
	mark := state.MoveMarkWrite(state.Left)
	found, err := from.Get(t.Context(), mark.Key)
	require.NoError(t, err)
	assert.Equal(t, string(mark.Value), string(found[0].Value))
}
