package management

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const (
	defaultPage = 100
	largestPage = 1000
	// scanFor is how long one call looks for few among many; the cursor leads on
	// from there. It keeps a page below the fifth of a second in which people
	// call it quick.
	scanFor = 100 * time.Millisecond
)

// Part says which part of a list is wanted. A limit of 0 is the whole list,
// where this gateway holds it in memory, and a usual page elsewhere.
type Part struct {
	Cursor string
	Limit  int
}

// scan reads pages until limit records were kept, scanFor is over, or there are
// no more. It may keep up to a page more than limit.
func scan[R, V any](ctx context.Context, part Part,
	fetch func(ctx context.Context, cursor string, limit int) ([]R, string, error),
	keep func(R) (V, bool),
) ([]V, string, error) {
	begun := time.Now()
	cursor, limit := part.Cursor, pageSize(part.Limit)
	kept := []V{}
	for size, seen := limit, 0; ; {
		records, next, err := fetch(ctx, cursor, size)
		if err != nil {
			return nil, "", err
		}
		for _, record := range records {
			if v, ok := keep(record); ok {
				kept = append(kept, v)
			}
		}
		if next == "" || len(kept) >= limit || time.Since(begun) > scanFor {
			return kept, next, nil
		}
		cursor = next
		seen += size
		size = nextSize(size, seen, len(kept), limit)
	}
}

// nextSize is how many records to read next when that many of those that were
// seen were kept: as many as fill the page if it goes on like that, but not many
// more, since a cursor leads on only from the end of what was read.
func nextSize(size, seen, kept, limit int) int {
	if kept == 0 {
		return min(2*size, largestPage)
	}
	return max(1, min((limit-kept)*seen/kept, largestPage))
}

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, largestPage)
}

// cut sorts a list and takes a part of it. The cursor holds where in the order
// the last one stood, so that what comes and goes meanwhile moves no page.
func cut[V any](all []V, place func(V) []string, part Part) ([]V, string, error) {
	// The places are made once, since a comparison costs little beside making
	// one, and there are many more of them.
	type placed struct {
		order string
		v     V
	}
	list := make([]placed, len(all))
	for i, v := range all {
		list[i] = placed{strings.Join(place(v), "\x00"), v}
	}
	slices.SortFunc(list, func(a, b placed) int { return strings.Compare(a.order, b.order) })
	if part.Cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(part.Cursor)
		if err != nil {
			return nil, "", wrongCursor()
		}
		from, found := slices.BinarySearchFunc(list, string(after), func(p placed, after string) int { return strings.Compare(p.order, after) })
		if found {
			from++
		}
		list = list[from:]
	}
	cursor := ""
	if limit := pageSize(part.Limit); part.Limit > 0 && len(list) > limit {
		list = list[:limit]
		cursor = base64.RawURLEncoding.EncodeToString([]byte(list[limit-1].order))
	}
	for i, p := range list {
		all[i] = p.v
	}
	return all[:len(list)], cursor, nil
}

// newestFirst is the place of a time in an order of texts.
func newestFirst(t time.Time) string { return fmt.Sprintf("%019d", math.MaxInt64-t.UnixMilli()) }
