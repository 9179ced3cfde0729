package throttle

// looked is how many sets are enough to tell how full a table is.
const looked = 1024

// Cap is for how many buckets the table has room.
func (t *Table) Cap() int { return len(t.sets) * ways }

// Len is how many buckets are less than full. Of a large table it is an
// estimate from a part of it, good to a few in a hundred.
func (t *Table) Len() int {
	now := t.clock()
	step := max(1, len(t.sets)/looked)
	found, sets := 0, 0
	for at := 0; at < len(t.sets); at += step {
		l := &t.locks[at%len(t.locks)]
		l.Lock()
		for _, full := range t.sets[at].full {
			if full > now {
				found++
			}
		}
		l.Unlock()
		sets++
	}
	return found * len(t.sets) / sets
}

// Evicted counts the buckets that made place for others before they were full.
func (t *Table) Evicted() uint64 {
	var total uint64
	for i := range t.locks {
		l := &t.locks[i]
		l.Lock()
		total += l.evicted
		l.Unlock()
	}
	return total
}
