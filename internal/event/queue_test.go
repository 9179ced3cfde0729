package event

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

func numbered(n int) Event { return Event{Name: Revoked, Data: map[string]any{"n": n}} }

func TestEventsAreHandedOnInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		q := &Queue{Size: 100, Deliver: func(e Event) { got = append(got, e.Data["n"].(int)) }}
		for n := range 50 {
			assert.True(t, q.Put(numbered(n)))
		}
		synctest.Wait()
		assert.Len(t, got, 50)
		assert.IsIncreasing(t, got)
		assert.True(t, q.Put(numbered(50)), "it goes on after a rest")
		synctest.Wait()
		assert.Len(t, got, 51)
	})
}

func TestASlowListenerHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, delivered := make(chan struct{}), 0
		q := &Queue{Size: 3, Deliver: func(Event) { <-release; delivered++ }}
		assert.True(t, q.Put(numbered(0)))
		synctest.Wait() // the listener has it now
		for n := range 3 {
			assert.True(t, q.Put(numbered(n)))
		}
		assert.False(t, q.Put(numbered(4)), "one that is too many is dropped")
		close(release)
		synctest.Wait()
		assert.Equal(t, 4, delivered)
		assert.True(t, q.Put(numbered(5)), "there is room again")
		synctest.Wait()
	})
}

func TestManyMayRaiseEventsAtOnce(t *testing.T) {
	var delivered sync.WaitGroup
	delivered.Add(800)
	one := sync.Mutex{}
	q := &Queue{Size: 800, Deliver: func(Event) {
		assert.True(t, one.TryLock(), "one is handed on at a time")
		one.Unlock()
		delivered.Done()
	}}
	for range 8 {
		go func() {
			for n := range 100 {
				q.Put(numbered(n))
			}
		}()
	}
	delivered.Wait()
}

func TestAFloodOfRequestsLeavesRoomForWhatMatters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		q := &Queue{Size: 4, Deliver: func(Event) { <-release }}
		assert.True(t, q.Put(numbered(0)))
		synctest.Wait() // the listener has it now
		refused := Event{Name: Refused}
		assert.True(t, q.Put(refused))
		assert.True(t, q.Put(refused))
		assert.False(t, q.Put(refused), "they get half of the room")
		assert.True(t, q.Put(numbered(1)))
		assert.True(t, q.Put(numbered(2)))
		assert.False(t, q.Put(numbered(3)))
		close(release)
		synctest.Wait()
	})
}
