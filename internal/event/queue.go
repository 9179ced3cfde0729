package event

import "sync"

// Queue hands events on one after the other, apart from whoever raises them:
// a listener may take its time, and a request must not wait for it. It has a
// goroutine only while there is something to hand on, so nothing has to stop
// it.
type Queue struct {
	// Deliver hands one event on.
	Deliver func(Event)
	// Size is how many events may wait for a slow listener.
	Size int

	mu      sync.Mutex
	waiting []Event
	busy    bool
}

// Put hands the event on soon, and returns at once. It returns false when too
// many wait already: then this one is dropped, so that those which wait keep
// their order and nothing grows. Frequent ones get half of the room: a flood of
// them is not to cost the news of a kill switch.
func (q *Queue) Put(e Event) bool {
	room := q.Size
	if e.Name.Frequent() {
		room /= 2
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= room {
		return false
	}
	q.waiting = append(q.waiting, e)
	if !q.busy {
		q.busy = true
		go q.work()
	}
	return true
}

func (q *Queue) work() {
	for {
		e, ok := q.next()
		if !ok {
			return
		}
		q.Deliver(e)
	}
}

// next takes the oldest event, or notes that the work is done.
func (q *Queue) next() (Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.waiting, q.busy = nil, false
		return Event{}, false
	}
	e := q.waiting[0]
	q.waiting[0] = Event{}
	q.waiting = q.waiting[1:]
	return e, true
}
