package main
import ("testing";"os";"fmt";"time";"context";"github.com/opsmatiq/erp";"github.com/opsmatiq/erp/examples/quickstart/booking";"github.com/opsmatiq/erp/examples/quickstart/retail";"syscall")
func cpu() time.Duration { var r syscall.Rusage; syscall.Getrusage(0,&r); return time.Duration(r.Utime.Nano()+r.Stime.Nano()) }
func TestZZProf(t *testing.T){
 ctx:=context.Background()
 f,_:=retail.Open(os.Getenv("PIN")); db,_:=openDatabase(ctx,""); defer db.cleanUp()
 suite,err:=erp.Open(ctx,db.engine,erp.Options{Migrate:true}); if err!=nil{t.Fatal(err)}
 b:=time.Now(); last:=cpu(); lt:=b
 o,err:=booking.Import(ctx,suite,f,booking.Options{Progress:func(k,tot int64){ if k%2000==0||k==tot{fmt.Println(k,"cpu",cpu()-last,"wall",time.Since(lt)); last=cpu(); lt=time.Now()}}})
 if err!=nil{t.Fatal(err)}
 fmt.Println("import",time.Since(b)); b=time.Now(); last=cpu()
 drawOutcome(o,suite); fmt.Println("draw",time.Since(b),cpu()-last)
}
