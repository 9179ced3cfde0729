package tab

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/cdproto/page"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// tallest is how far down a picture goes, in screens.
const tallest = 2

// heaviest is what a picture may weigh, for those who clone the repository.
const heaviest = 150 << 10

// Picture takes a picture of the page, from its top, and writes it into the
// folder of the repository, if one is named.
func (t *Tab) Picture(folder, name string) {
	t.tb.Helper()
	width, height := float64(desktopWidth), float64(desktopHeight)
	if t.options.Phone {
		width, height = phoneWidth, phoneHeight
	}
	tall := min(Eval[float64](t, "document.scrollingElement.scrollHeight"), tallest*height)
	shot := do(t, "taking a picture", page.CaptureScreenshot, page.CaptureScreenshotParams{
		Clip:                  &page.Viewport{Width: width, Height: max(tall, height), Scale: 1},
		CaptureBeyondViewport: new(true),
	})
	small, err := shrink(shot.Data)
	if err != nil {
		t.tb.Fatalf("the picture %s: %v", name, err)
	}
	if len(small) > heaviest {
		t.tb.Errorf("the picture %s has %d bytes, want at most %d", name, len(small), heaviest)
	}
	if folder == "" {
		return
	}
	folder = filepath.Join(harness.Root(), folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), small, 0o644); err != nil {
		t.tb.Fatal(err)
	}
}

// shrink writes a PNG anew with its 256 most frequent colours, which for a page
// of text and surfaces is nearly all that there are.
func shrink(data []byte) ([]byte, error) {
	shot, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	count := map[color.RGBA]int{}
	full := image.NewRGBA(shot.Bounds())
	draw.Draw(full, full.Bounds(), shot, shot.Bounds().Min, draw.Src)
	for i := 0; i < len(full.Pix); i += 4 {
		count[color.RGBA{full.Pix[i], full.Pix[i+1], full.Pix[i+2], 255}]++
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return cmp.Compare(count[b], count[a]) })
	var palette color.Palette
	for _, colour := range colours[:min(len(colours), 256)] {
		palette = append(palette, colour)
	}
	nearest := map[color.RGBA]uint8{}
	for _, colour := range colours {
		nearest[colour] = uint8(palette.Index(colour))
	}
	few := image.NewPaletted(full.Bounds(), palette)
	for i := range few.Pix {
		few.Pix[i] = nearest[color.RGBA{full.Pix[4*i], full.Pix[4*i+1], full.Pix[4*i+2], 255}]
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	return out.Bytes(), err
}
