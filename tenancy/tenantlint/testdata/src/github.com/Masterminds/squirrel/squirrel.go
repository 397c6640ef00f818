package squirrel

type SelectBuilder struct{}

func Select(columns ...string) SelectBuilder            { return SelectBuilder{} }
func (b SelectBuilder) From(table string) SelectBuilder { return b }
func (b SelectBuilder) Where(w string) SelectBuilder    { return b }
