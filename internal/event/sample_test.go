package event

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOfEachKindTheFirstIsPickedAndThenOneInSoMany(t *testing.T) {
	for _, tc := range []struct {
		name  string
		oneIn int
		want  []bool
	}{
		{"every one", 1, []bool{true, true, true, true}},
		{"one in three", 3, []bool{true, false, false, true}},
		{"none", -1, []bool{false, false, false, false}},
		{"none where nothing was said", 0, []bool{false, false, false, false}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &Sampler{OneIn: tc.oneIn}
			for i, want := range tc.want {
				assert.Equal(t, want, s.Pick("token_absent"), i)
			}
			assert.Equal(t, tc.oneIn > 0, s.Pick("rare"), "another kind is counted on its own")
		})
	}
}

func TestManyAtOnceArePickedAsOften(t *testing.T) {
	s := &Sampler{OneIn: 10}
	var picked atomic.Int64
	var working sync.WaitGroup
	for range 8 {
		working.Go(func() {
			for range 1000 {
				if s.Pick("kind") {
					picked.Add(1)
				}
			}
		})
	}
	working.Wait()
	assert.EqualValues(t, 800, picked.Load())
}
