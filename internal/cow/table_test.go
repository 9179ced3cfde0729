package cow_test

import (
	"maps"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/cow"
)

// The table behaves as a plain map does, whatever is done to it.
func TestTableBehavesAsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table cow.Table[int]
		model := map[uuid.UUID]int{}
		ids := rapid.Custom(func(t *rapid.T) uuid.UUID {
			return uuid.UUID{0: byte(rapid.IntRange(0, 2).Draw(t, "shard")), 15: byte(rapid.IntRange(0, 3).Draw(t, "id"))}
		})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				id, v := ids.Draw(t, "id"), rapid.Int().Draw(t, "value")
				table.Put(id, v)
				model[id] = v
			},
			"remove": func(t *rapid.T) {
				id := ids.Draw(t, "id")
				table.Remove(id)
				delete(model, id)
			},
			"fill": func(t *rapid.T) {
				more := rapid.MapOf(ids, rapid.Int()).Draw(t, "entries")
				table.Fill(more)
				maps.Copy(model, more)
			},
			"remove odd": func(t *rapid.T) {
				odd := func(_ uuid.UUID, v int) bool { return v%2 != 0 }
				before := len(model)
				maps.DeleteFunc(model, odd)
				assert.Equal(t, before-len(model), table.RemoveIf(odd))
			},
			"": func(t *rapid.T) {
				assert.Equal(t, len(model), table.Len())
				got := map[uuid.UUID]int{}
				table.All(func(id uuid.UUID, v int) bool { got[id] = v; return true })
				assert.Equal(t, model, got)
				id := ids.Draw(t, "id")
				want, there := model[id]
				value, found := table.Get(id)
				assert.Equal(t, there, found)
				assert.Equal(t, want, value)
			},
		})
	})
}

func TestAllStopsWhenToldTo(t *testing.T) {
	var table cow.Table[int]
	table.Put(uuid.New(), 1)
	table.Put(uuid.New(), 2)
	visits := 0
	table.All(func(uuid.UUID, int) bool { visits++; return false })
	assert.Equal(t, 1, visits)
}
