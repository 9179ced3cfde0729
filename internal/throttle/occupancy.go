package throttle

// looked is how many sets are counted, of a table that has more.
const looked = 1 << 18

// Cap is for how many buckets the table has room.
func (t *Table) Cap() int { return len(t.sets) * ways }

// Len is how many buckets are less than full. Of a table for more than a
// million callers it is an estimate from a part of it.
func (t *Table) Len() int {
	now := t.clock()
	step := len(t.locks) * ((len(t.sets) + looked - 1) / looked)
	found, seen := 0, 0
	for i := range t.locks {
		l := &t.locks[i]
		l.Lock()
		for at := i; at < len(t.sets); at += step {
			for _, full := range t.sets[at].full {
				if full > now {
					found++
				}
			}
			seen++
		}
		l.Unlock()
	}
	return found * len(t.sets) / seen
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
