"""CUDA in the worker: started before student code comes, with its share of GPU memory."""

from __future__ import annotations

# bytes of the GPU's own memory; torch keeps to it, and student code that knows torch can lift it
MEMORY = 2 << 30


def wake() -> str:
    """Start CUDA and what torch loads late for a pass and back; "", or why it cannot be."""
    try:
        import torch  # type: ignore[import-not-found, unused-ignore]  # not installed everywhere

        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, MEMORY / total))
        for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
            x = torch.ones(8, 8, dtype=dtype, device="cuda", requires_grad=True)
            torch.nn.functional.dropout(x @ x, 0.5).sum().backward()  # type: ignore[no-untyped-call, unused-ignore]
        torch.cuda.synchronize()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    return ""
