package sales

import "context"

// reserve keeps the goods of the new orders from others, where they ask for it.
func (p *placing) reserve(context.Context) error { return nil }

// release gives up what was reserved for what is cancelled.
func (f *fulfilling) release(context.Context) error { return nil }
