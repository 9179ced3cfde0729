package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var snapshotTests = []test{
	{"Tail, then List, then Follow is the state, whoever writes meanwhile", func(t *testing.T, s plugins.Store) {
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 60 {
					key := fmt.Sprintf("r/%d/%d", w, i%20)
					write := set(key, fmt.Sprint(i))
					if i%5 == 4 {
						write.Value = nil
					}
					_, err := s.Append(within(t), write, set("r/last", fmt.Sprint(w, i)))
					assert.NoError(t, err)
				}
			})
		}
		type snapshot struct {
			from  plugins.Position
			state map[string]string
		}
		var snapshots []snapshot
		for range 6 {
			from := tail(t, s)
			snapshots = append(snapshots, snapshot{from, listAll(t, within(t), s, plugins.ReplicaPrefix, 7)})
		}
		wg.Wait()
		end := tail(t, s)
		want := listAll(t, within(t), s, plugins.ReplicaPrefix, 1000)
		for i, snap := range snapshots {
			for _, entry := range followTo(t, within(t), s, snap.from, end.Seq) {
				replay(snap.state, entry.Writes)
			}
			require.Equal(t, want, snap.state, "snapshot %d, taken at %d of %d", i, snap.from.Seq, end.Seq)
		}
	}},
}

func replay(state map[string]string, writes []plugins.Write) {
	for _, w := range writes {
		if w.Value == nil {
			delete(state, w.Key)
		} else {
			state[w.Key] = string(w.Value)
		}
	}
}
